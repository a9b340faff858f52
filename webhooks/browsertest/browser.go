package browsertest

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long one step on a page may take, on a busy machine.
const patience = 60 * time.Second

// Browser is one Chromium with an empty profile, for one test. It ends with it.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Start starts a browser, or skips the test where none is installed.
func Start(t testing.TB) *Browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(installed(t)), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true), // tabs behind others are drawn too
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		chromedp.CombinedOutput(io.Discard),
		chromedp.WSURLReadTimeout(patience),
	}
	machine, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(machine)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the process is gone and its folder may be removed
		leave()
		stop()
	})
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return &Browser{t: t, ctx: ctx}
}

// installed is the path of a Chromium on this machine.
func installed(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no browser is installed here: apt-get install chromium")
	return ""
}

// ShotsVariable names the environment variable that names the folder for
// pictures of pages; without it they go with the test.
const ShotsVariable = "RAPPORT_TEST_SHOTS"

func shots(t testing.TB) string {
	dir := os.Getenv(ShotsVariable)
	if dir == "" {
		return t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
