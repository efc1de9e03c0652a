package message

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/longmen/longmen/kit/errs"
)

//go:embed text
var files embed.FS

// Limits of a text, in characters. A short message of up to maxSMS goes out as two parts at most: 67 characters each.
const (
	maxSMS  = 2 * 67
	maxLong = 2_000
)

// Texts makes the texts of notices.
type Texts struct {
	sender string
	texts  map[string]map[string]*template.Template // by language and kind
}

// New reads the texts. The sender is the name under which the platform writes.
func New(sender string) (*Texts, error) {
	if !isLine(sender) {
		return nil, fmt.Errorf("sender of notices %.40q: want 1 to %d characters on one line", sender, maxText)
	}
	t := &Texts{sender: sender, texts: map[string]map[string]*template.Template{}}
	for _, language := range []string{Chinese, English} {
		t.texts[language] = map[string]*template.Template{}
		for name := range kinds {
			read, err := template.New(name).Option("missingkey=error").ParseFS(files, "text/"+language+"/"+name+".txt")
			if err != nil {
				return nil, fmt.Errorf("texts of notices: %w", err)
			}
			t.texts[language][name] = read
		}
	}
	return t, nil
}

// Check says what is wrong with what a kind is told, by making all its texts.
func (t *Texts) Check(name string, data []byte) error {
	k, known := kinds[name]
	if !known {
		return errs.Invalid.Errorf("there is no kind of notice %.40q", name).On("kind")
	}
	for language := range t.texts {
		words, err := k.read(language, data) // once for all channels: most of the work
		if err != nil {
			return err
		}
		for _, channel := range k.Channels {
			if _, _, err := t.write(name, channel, language, words); err != nil {
				return err
			}
		}
	}
	return nil
}

// Text makes a text; only mail has a subject.
func (t *Texts) Text(name, channel, language string, data []byte) (subject, body string, err error) {
	k, known := kinds[name]
	if !known {
		return "", "", errs.Invalid.Errorf("there is no kind of notice %.40q", name).On("kind")
	}
	if t.texts[language] == nil {
		language = Chinese
	}
	words, err := k.read(language, data)
	if err != nil {
		return "", "", err
	}
	return t.write(name, channel, language, words)
}

// write makes a text of what was read.
func (t *Texts) write(name, channel, language string, words map[string]string) (subject, body string, err error) {
	words["sender"] = t.sender
	if body, err = execute(t.texts[language][name], channel, words); err != nil {
		return "", "", err
	}
	if channel == Mail {
		if subject, err = execute(t.texts[language][name], "subject", words); err != nil {
			return "", "", err
		}
	}
	most := maxLong
	if channel == SMS {
		most = maxSMS
	}
	if n := utf8.RuneCountInString(body); n > most {
		return "", "", errs.Invalid.Errorf("the text for %s in %s has %d characters, at most %d", channel, language, n, most).On("data")
	}
	return subject, body, nil
}

func execute(t *template.Template, channel string, words map[string]string) (string, error) {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, channel, words); err != nil {
		return "", fmt.Errorf("text of notice: %w", err)
	}
	return b.String(), nil
}
