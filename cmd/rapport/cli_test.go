package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport/channels/webpush"
	"rapport/config"
)

const shopFolder = "../../campaigns/examples/shop"

// rapport runs the program to its end.
func rapport(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "RAPPORT_TEST_MAIN=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// asJSON reads what a command prints for other programs.
func asJSON(t *testing.T, result any, args ...string) {
	t.Helper()
	out, errOut, code := rapport(t, append(args, "--format", "json")...)
	if err := json.Unmarshal([]byte(out), result); err != nil || code != 0 {
		t.Errorf("rapport %s: exit %d, %v:\n%s%s", strings.Join(args, " "), code, err, out, errOut)
	}
}

// entered is how often a campaign was entered, by the status.
func entered(t *testing.T, data, campaign string) int64 {
	t.Helper()
	out, errOut, _ := rapport(t, "status", "--data", data, "--format", "json")
	var all []standing
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("the status: %v, %s", err, errOut)
	}
	at := slices.IndexFunc(all, func(s standing) bool { return s.Campaign == campaign })
	if at < 0 {
		t.Fatalf("the status lacks %s:\n%s", campaign, out)
	}
	return all[at].Entered
}

func TestValidateNamesEveryMistakeAndExitsWithOne(t *testing.T) {
	if out, _, code := rapport(t, "validate", shopFolder); code != 0 || !strings.Contains(out, "no mistakes") {
		t.Fatalf("the sample shop: exit %d, %s", code, out)
	}
	broken := t.TempDir()
	if err := os.CopyFS(broken, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(broken, "campaigns/after-delivery.yaml"), "template: satisfaction\n", "tempalte: satisfaction\n")
	edit(t, filepath.Join(broken, "segments/segments.yaml"), "cases.open", "case.open")
	out, _, code := rapport(t, "validate", broken)
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	for _, want := range []string{
		`campaigns/after-delivery.yaml:25:5: unknown key "tempalte"; did you mean "template"?`,
		`segments/segments.yaml:4:8: there is no field case.open; write cases.open`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	out, _, _ = rapport(t, "validate", broken, "--format", "json")
	var problems []struct{ File string }
	if err := json.Unmarshal([]byte(out), &problems); err != nil || len(problems) < 2 {
		t.Errorf("as JSON: %v, %d problems", err, len(problems))
	}
	out, _, _ = rapport(t, "validate", broken, "--format", "github")
	if !strings.HasPrefix(out, "::error file=") {
		t.Errorf("as GitHub annotations: %s", out)
	}
}

func TestWarningsStopNothingUnlessStrict(t *testing.T) {
	odd := t.TempDir()
	if err := os.CopyFS(odd, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(odd, "campaigns/after-delivery.yaml"), "answers.csat.score >= 5", "answers.csat.score > 5")
	const want = ":13: warning: this arm is never taken: answers.csat.score is 1 to 5 or not known, and more than 5 is asked for"
	out, _, code := rapport(t, "validate", odd)
	if code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "no mistakes, 1 warning") {
		t.Errorf("exit %d: %s", code, out)
	}
	if _, errOut, code := rapport(t, "validate", odd, "--strict"); code != 1 || !strings.Contains(errOut, "1 warning") {
		t.Errorf("strict: exit %d: %s", code, errOut)
	}
	if out, _, _ := rapport(t, "validate", odd, "--format", "github"); !strings.HasPrefix(out, "::warning file=campaigns/after-delivery.yaml,line=") {
		t.Errorf("as GitHub annotations: %s", out)
	}
	out, _, _ = rapport(t, "validate", odd, "--format", "json")
	var problems []struct{ Severity string }
	if err := json.Unmarshal([]byte(out), &problems); err != nil || len(problems) != 1 || problems[0].Severity != "warning" {
		t.Errorf("as JSON: %v, %s", err, out)
	}
	if out, errOut, code := rapport(t, "apply", odd, "--data", t.TempDir()); code != 0 || !strings.Contains(out, "is in force") || !strings.Contains(errOut, want) {
		t.Errorf("apply: exit %d: %s%s", code, out, errOut)
	}
}

func TestAWorkspaceWithAMistakeIsNotApplied(t *testing.T) {
	data, broken := t.TempDir(), t.TempDir()
	if err := os.CopyFS(broken, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(broken, "rapport.yaml"), "locale: en", "locale: 17")
	if _, errOut, code := rapport(t, "apply", broken, "--data", data); code != 1 || !strings.Contains(errOut, "nothing was applied") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if out, _, code := rapport(t, "apply", shopFolder, "--data", data); code != 0 || !strings.Contains(out, "workspace 1 is in force") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestUpIsAloneInItsFolderAndResumes(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	up := startUp(t, data, address)
	if _, errOut, code := rapport(t, "import", "customers", "nobody.csv", "--data", data); code != 1 || !strings.Contains(errOut, "in use by another rapport") {
		t.Errorf("a second program that writes: exit %d: %s", code, errOut)
	}
	if out, errOut, code := rapport(t, "customer", "c00001", "--data", data); code != 0 || !strings.Contains(out, "Timeline") {
		t.Errorf("a program that only looks: exit %d: %s", code, errOut)
	}
	// Support starts a follow-up beside the running program.
	t.Setenv("RAPPORT_LISTEN", address)
	if _, errOut, code := rapport(t, "follow-up", "follow-up", "c00001", "--set", "order_id=L-000001", "--data", data); code != 0 {
		t.Errorf("a follow-up: exit %d: %s", code, errOut)
	}
	if _, errOut, code := rapport(t, "follow-up", "follow-up", "c00001", "--data", data); code != 1 || !strings.Contains(errOut, "is in follow-up already") {
		t.Errorf("a second follow-up: exit %d: %s", code, errOut)
	}
	up.signal(syscall.SIGTERM)
	startUp(t, data, address)
	out, errOut, code := rapport(t, "explain", "follow-up", "c00001", "--data", data)
	if code != 0 || !strings.Contains(out, "follow-up: entered") {
		t.Errorf("after a second start: exit %d: %s%s", code, out, errOut)
	}
}

func TestWhatIsAskedInAWrongWayIsToldHow(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"validate"}, "write `rapport validate DIR`"},
		{[]string{"validate", "nodir"}, "there is no folder nodir"},
		{[]string{"validate", "cli_test.go"}, "cli_test.go is a file; name the folder"},
		{[]string{"explain", "welcome"}, "write `rapport explain CAMPAIGN WHO`"},
		{[]string{"simulate", "after-delivery", shopFolder, "--set", "orders.count=3"}, "--set gives values of the event, such as total=80 for event.total, and orders.count is none"},
		{[]string{"validate", shopFolder, "--format", "xml"}, `--format is text, json or github, not "xml"`},
		{[]string{"status", "--format", "github"}, `--format of status is text or json, not "github"`},
		{[]string{"preview", "welcome", shopFolder, "--channel", "fax"}, `--channel is email, sms, call or push, not "fax"`},
		{[]string{"schema", "campain"}, `there is no schema "campain"; there are campaign, `},
	} {
		if _, errOut, code := rapport(t, c.args...); code != 1 || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit %d: %s lacks %q", c.args, code, errOut, c.want)
		}
	}
}

func TestStatusListsWhatIsInForceBeforeAnybodyEntered(t *testing.T) {
	data := t.TempDir()
	if _, errOut, code := rapport(t, "apply", shopFolder, "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	if _, errOut, code := rapport(t, "pause", "welcome", "--why", "not yet", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	out, _, _ := rapport(t, "status", "--data", data)
	for _, want := range []string{"follow-up ", "welcome ", "advent-sale ", " by " + agent() + ": not yet", "Messages not sent, and why"} {
		if strings.Count(out, want) == 0 {
			t.Errorf("the status lacks %q:\n%s", want, out)
		}
	}
}

// Where the world reaches the doors, a proxy on this machine brings what anybody asks
// them, under whatever name: there the console stands at a port of its own, and
// commands find it.
func TestTheConsoleStandsApartFromDoorsOfTheWorld(t *testing.T) {
	port, folder := freePair(t), t.TempDir()
	settings, data := filepath.Join(folder, "config.yaml"), filepath.Join(folder, "data")
	doors, console := "http://127.0.0.1:"+port, "http://"+consoleApart(config.Config{Listen: "127.0.0.1:" + port, PublicURL: "https://news.shop.example"})
	public, private, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	account := "{twilio: {account_sid: AC00000000000000000000000000000000, auth_token: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}"
	written := fmt.Sprintf("listen: 127.0.0.1:%s\npublic_url: https://news.shop.example\nproviders:\n  email: {smtp: {host: relay.shop.example}}\n"+
		"  sms: %s\n  call: %s\n  push: {vapid: {public_key: %q, private_key: %q, subject: 'mailto:ops@shop.example'}}\n"+
		"  webhook: {standard: {secrets: [whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=]}}\n", port, account, account, public, private)
	if err := os.WriteFile(settings, []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
	up := &process{stderr: &bytes.Buffer{}}
	up.cmd = exec.Command(os.Args[0], "up", shopFolder, "--data", data, "--config", settings)
	up.cmd.Env, up.cmd.Stderr = append(os.Environ(), "RAPPORT_TEST_MAIN=1"), up.stderr
	if err := up.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { up.signal(syscall.SIGTERM) })
	awaitAlive(t, "127.0.0.1:"+port)
	answers := func(url string, want int) {
		t.Helper()
		eventually(t, time.Minute, url+" answers "+strconv.Itoa(want), func() bool {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				return false
			}
			response, err := http.DefaultClient.Do(request)
			return err == nil && response.Body.Close() == nil && response.StatusCode == want
		})
	}
	for path, want := range map[string]int{"/": 200, "/readyz": 200, "/metrics": 200, "/try/push": 200} {
		answers(console+path, want)
		answers(doors+path, http.StatusNotFound)
	}
	answers(doors+"/healthz", http.StatusOK)
	if out, errOut, code := rapport(t, "apply", shopFolder, "--data", data, "--config", settings); code != 0 || !strings.Contains(out, "is in force") {
		t.Errorf("apply: exit %d: %s%s", code, out, errOut)
	}
}

// freePair is a port that is free like the one after it, and that no connection of a
// client gets meanwhile.
func freePair(t *testing.T) string {
	t.Helper()
	for port := 20_000 + os.Getpid()%10_000; port < 32_000; port += 2 {
		first, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		second, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		if errors.Join(err, first.Close()) == nil && second.Close() == nil {
			return strconv.Itoa(port)
		}
	}
	t.Fatal("no two ports are free")
	return ""
}

func TestTheConsoleStandsBesideDoorsOfThisMachine(t *testing.T) {
	for public, c := range map[string]struct{ listen, apart string }{
		"http://127.0.0.1:8080":     {"127.0.0.1:8080", ""},
		"http://localhost:8080":     {"0.0.0.0:8080", ""},
		"http://[::1]:9000":         {"[::1]:9000", ""},
		"https://news.shop.example": {"0.0.0.0:8080", "127.0.0.1:8081"},
		"http://192.0.2.7:65535":    {":65535", "127.0.0.1:65534"},
	} {
		if apart := consoleApart(config.Config{Listen: c.listen, PublicURL: public}); apart != c.apart {
			t.Errorf("%s at %s: apart %q", public, c.listen, apart)
		}
	}
}

// startUp runs `rapport up` on a folder until the test ends.
func startUp(t *testing.T, data, address string) *process {
	t.Helper()
	p := &process{stderr: &bytes.Buffer{}}
	p.cmd = exec.Command(os.Args[0], "up", shopFolder, "--people", "50", "--data", data)
	p.cmd.Env = append(os.Environ(), "RAPPORT_TEST_MAIN=1", "RAPPORT_LISTEN="+address, "RAPPORT_PUBLIC_URL=http://"+address)
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.signal(syscall.SIGTERM) })
	awaitAlive(t, address)
	return p
}

// awaitAlive waits until a rapport serves at an address. Before that a command
// that looks into its folder could keep it from being opened.
func awaitAlive(t *testing.T, address string) {
	t.Helper()
	eventually(t, time.Minute, "rapport is up", func() bool {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+address+"/healthz", nil)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		return response.Body.Close() == nil && response.StatusCode == http.StatusOK
	})
}

func TestImportTellsOfConsentsThatDoNotCount(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for name, text := range map[string]string{
		"yes.csv": "id,opt_in_date,consent.news.email\n1,2024-01-02,yes\n", "no.csv": "id,opt_out_date,consent.news.email\n1,2023-12-01,no\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, 0, "customers: 1 new", "import", "customers", filepath.Join(dir, "yes.csv"), "--data", data)
	wants(t, 0, "1 consent not taken: the customer has said otherwise since", "import", "customers", filepath.Join(dir, "no.csv"), "--data", data)
	wants(t, 0, `"older_words": 1`, "import", "customers", filepath.Join(dir, "no.csv"), "--data", data, "--format", "json")
	_, errOut, code := rapport(t, "import", "customers", filepath.Join(dir, "no.csv"), "--data", data, "--country", "Germany")
	if code == 0 || !strings.Contains(errOut, `--country: "Germany" is no country; write its two letters (ISO 3166-1), such as DE for Germany`) {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

func TestImportReportsWhatItCannotTake(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "people.csv")
	rows := "customer_id;e-mail;phone;birthday\n1;ann@shop.example;0151 12345678;31.12.1990\n2;not an address;;\n;nobody@shop.example;;\n4;\"bob@shop.example;;\n5;eve@shop.example;;01.02.1980\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "refused.ndjson")
	data := filepath.Join(dir, "data")
	dry, _, _ := rapport(t, "import", "customers", file, "--country", "DE", "--dry-run", "--data", data)
	if !strings.Contains(dry, "nothing was written") {
		t.Errorf("dry run: %s", dry)
	}
	out, errOut, code := rapport(t, "import", "customers", file, "--country", "DE", "--report", list, "--data", data)
	if code != 0 || !strings.Contains(out, "5 rows in 1 file: 3 taken, 2 refused, 1 single cell left out") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	for _, want := range []string{"line 3, column e-mail", "line 4, column customer_id", "line 5, character 3: a quote is opened and not closed"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("the report lacks %q:\n%s", want, errOut)
		}
	}
	raw, err := os.ReadFile(list)
	if err != nil || bytes.Count(raw, []byte("\n")) != 3 {
		t.Errorf("the report file: %v, %s", err, raw)
	}
	again, _, _ := rapport(t, "import", "customers", file, "--country", "DE", "--data", data)
	if !strings.Contains(again, "0 new, 0 changed, 3 as they were") {
		t.Errorf("a second time: %s", again)
	}
	shown, _, _ := rapport(t, "customer", "+4915112345678", "--data", data)
	if !strings.Contains(shown, "ann@shop.example") {
		t.Errorf("found by phone: %s", shown)
	}
}

func TestImportNamesTheColumnsItDoesNotRead(t *testing.T) {
	folder := t.TempDir()
	file, data := filepath.Join(folder, "people.csv"), filepath.Join(folder, "data")
	if err := os.WriteFile(file, []byte("customer_id,email,consent.news.email,shoes\n1,a@shop.example,no,42\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := rapport(t, "import", "customers", file, "--data", data)
	if code != 0 || !strings.Contains(out, "columns not read: shoes;") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if shown, _, _ := rapport(t, "customer", "1", "--data", data); !strings.Contains(shown, "news") {
		t.Errorf("the consent is not there: %s", shown)
	}
	out, errOut, code = rapport(t, "import", "customers", file, "--data", data, "--format", "json", "--map", "traits.shoes=shoes")
	if code != 0 || !strings.Contains(out, `"columns_not_read": []`) {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}

func TestImportKnowsTheTopicsOfTheWorkspace(t *testing.T) {
	folder := t.TempDir()
	file, data := filepath.Join(folder, "people.csv"), filepath.Join(folder, "data")
	if err := os.WriteFile(file, []byte("customer_id,email,consent.nwes.email\n1,a@shop.example,no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut, code := rapport(t, "apply", "../../campaigns/examples/shop", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	_, errOut, code := rapport(t, "import", "customers", file, "--data", data)
	if code == 0 || !strings.Contains(errOut, `the topic "nwes", which the workspace does not have; there are `) {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

// Whoever runs an import by the clock looks at nothing but its exit code.
func TestAnImportThatTookNothingFails(t *testing.T) {
	folder := t.TempDir()
	data := filepath.Join(folder, "data")
	for _, c := range []struct {
		what, name, content string
		args                []string
		code                int
		want                string // of both outputs
	}{
		{"all is well", "a.csv", "id,email\n1,a@shop.example\n", []string{"--max-refused", "0"}, 0, `a.csv: utf-8, separator ","`},
		{"every row is refused", "a.csv", "id,email\n,a@shop.example\n", nil, 1, "nothing was taken of its 1 row"},
		{"in a dry run too", "a.csv", "id,email\n,a@shop.example\n", []string{"--dry-run"}, 1, "nothing was taken of its 1 row"},
		{"and as JSON", "a.csv", "id,email\n,a@shop.example\n", []string{"--format", "json"}, 1, `"refused": 1`},
		{"some are refused", "a.csv", "id,email\n,a@shop.example\n1,\n", nil, 0, "1 taken, 1 refused"},
		{"more than are allowed", "a.csv", "id,email\n,a@shop.example\n1,\n", []string{"--max-refused", "0"}, 1, "1 refusal, and --max-refused allows 0"},
		{"a cell is a refusal", "a.csv", "id,consent.news.email\n1,perhaps\n", []string{"--max-refused", "0"}, 1, "1 refusal, and --max-refused allows 0"},
		{"as many as are allowed", "a.csv", "id,email\n,a@shop.example\n1,x\n", []string{"--max-refused", "2"}, 0, "1 taken, 1 refused, 1 single cell left out"},
		{"no rows", "a.csv", "id,email\n", nil, 0, "0 rows in 1 file"},
		{"Macintosh ends", "a.csv", "id;email\r1;a@shop.example\r", nil, 0, "1 row in 1 file: 1 taken"},
		{"cut off", "a.csv", "id,born_on,email\n1,13.1.1980,a@shop.examp", []string{"--dry-run"}, 0, `a.csv: utf-8, separator ",", born_on is dmy`},
		{"cut off, and warned of", "a.csv", "id,email\n1,a@shop.examp", []string{"--dry-run"}, 0, "line 2, the last, has no end: the file may be cut off there"},
		{"as JSON", "a.csv", "id;born_on\n1;13.1.1980\n", []string{"--format", "json", "--dry-run"}, 0, `"dates": {
        "born_on": "dmy"`},
		{"a comma in a header", "a.csv", "\"Name, first\",id\nAnn,1\n", []string{"--map", "first_name=Name, first", "--map", "city="}, 0, "1 taken"},
		{"a consent that is not read", "a.csv", "id,Newsletter\n1,no\n", nil, 1, "--ignore COLUMN leaves one out"},
		{"one to ignore", "a.csv", "id,\"News, letter\"\n1,no\n", []string{"--ignore", "News, letter"}, 0, "1 taken"},
	} {
		t.Run(c.what, func(t *testing.T) {
			file := filepath.Join(folder, c.name)
			if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			out, errOut, code := rapport(t, append([]string{"import", "customers", file, "--data", data}, c.args...)...)
			if code != c.code || !strings.Contains(out+errOut, c.want) {
				t.Errorf("exit %d, want %d and %q:\n%s%s", code, c.code, c.want, out, errOut)
			}
		})
	}
}

func edit(t *testing.T, path, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, []byte(from)) {
		t.Fatal(fmt.Errorf("%s holds no %q", path, from))
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(raw, []byte(from), []byte(to)), 0o600); err != nil {
		t.Fatal(err)
	}
}
