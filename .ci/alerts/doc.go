// Package alerts holds what Prometheus is told of Rapport against Prometheus
// itself: its parser reads every expression of the rules and of the dashboard, and
// its engine plays when rules fire. It is built by requirements of its own
// (alerts.mod), so that the program does not depend on a Prometheus server.
package alerts
