package cbrapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// minPart is the length, in bytes, from which the beginning of a secret counts
// as the secret: who repeats a request may cut it short.
const minPart = 16

// maxFailure bounds the text of a transport's error, in characters. There may be a
// whole Error in it.
const maxFailure = 3 * maxMessage

// credentialsOf returns the values with which req identified itself.
func credentialsOf(req *http.Request) []string {
	var secrets []string
	if req == nil {
		return nil
	}
	for _, name := range []string{"X-Auth-Token", "X-Security-Token", "X-Subject-Token", "Authorization"} {
		secrets = append(secrets, req.Header.Values(name)...)
	}
	// The parts of a signed request's header may be repeated one by one:
	// SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=….
	for part := range strings.FieldsFuncSeq(req.Header.Get("Authorization"), func(r rune) bool { return r == ' ' || r == ',' }) {
		if name, value, _ := strings.Cut(part, "="); name == "Access" || name == "Signature" {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// redact removes secrets from a text that somebody else wrote: a gateway may
// repeat the request that it refuses. It must come before whatever shortens the
// text or changes the white space in it.
func redact(text string, secrets []string) string {
	var forms []string
	for _, s := range secrets {
		forms = append(forms, spellings(s)...)
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		found := 0
		for _, form := range forms {
			found = max(found, secretAt(text[i:], form))
		}
		if found > 0 {
			b.WriteString("<secret>")
			i += found
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// RedactError returns err without the secrets in its text, for transports that
// repeat what the other side sent. What it wraps stays.
func RedactError(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	text := oneLine(redact(err.Error(), secrets), maxFailure)
	if text == err.Error() {
		return err
	}
	return &redactedError{text, err}
}

type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the error as it was; only its kind is of use.
func (e *redactedError) Unwrap() error { return e.err }

// secretAt returns how many bytes at the beginning of text are the secret.
func secretAt(text, secret string) int {
	n := 0
	for n < len(text) && n < len(secret) && text[n] == secret[n] {
		n++
	}
	if n == len(secret) || n >= minPart {
		return n
	}
	return 0
}

// spellings returns the forms in which a secret may be repeated: as it is, in a
// JSON text, in one that is itself quoted in another, and each of them in a URL.
func spellings(secret string) []string {
	if secret == "" {
		return nil
	}
	forms := []string{secret}
	for range 2 {
		for _, form := range forms {
			forms = append(forms, escaped(form)...)
		}
	}
	for _, form := range forms {
		forms = append(forms, url.QueryEscape(form))
	}
	slices.Sort(forms)
	return slices.Compact(forms) // most secrets look the same in most forms
}

// escaped returns the forms that a text has inside a JSON text: some writers
// escape what others do not.
func escaped(s string) []string {
	quoted, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	forHTML := string(quoted[1 : len(quoted)-1])
	plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(forHTML)
	return []string{forHTML, plain, strings.ReplaceAll(plain, "/", `\/`)}
}
