// Package browsertest shows pages to a real Chromium and judges what it shows:
// whether anything went wrong in its console, whether axe-core finds a barrier,
// whether a narrow screen has to be moved sideways.
//
// It owns the browser and its judges, and knows no page. A test that needs it
// is skipped, saying so, where Chromium or axe-core is not installed. The
// browser reaches this machine and nothing else.
package browsertest
