// Package check owns the proof of what lies in deploy: that the chart renders to
// what Kubernetes accepts, that its pods run real commands with real settings, and
// that the image and the compose file say what their comments promise. It leans on
// Helm and Kubernetes by a module file of its own, check.mod, and is seen by the tag
// deploy alone, so that the program leans on neither: make deploy-check.
//
// It owns none of what it checks, and nothing imports it.
package check
