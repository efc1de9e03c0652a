package rest

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/paper"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// ApplicationDocument is a file that was sent for an application.
type ApplicationDocument struct {
	ID       ID      `json:"id"`
	Kind     string  `json:"kind" example:"income"`
	Type     string  `json:"type" example:"application/pdf"`
	Hash     string  `json:"hash" doc:"SHA-256 of its content"`
	Size     int64   `json:"size" doc:"Bytes"`
	Uploader ID      `json:"uploader" doc:"The principal"`
	At       Instant `json:"at"`
}

// ApplicationPaper is a document that was made for an application.
type ApplicationPaper struct {
	Kind       string           `json:"kind" enum:"disclosure,agreement,signed,annex" doc:"What the loan costs; the agreement as it was offered; with its signatures; the annex of those who lend"`
	Language   string           `json:"language" enum:"zh,en"`
	Digest     string           `json:"digest" doc:"SHA-256 of its text, printed in it; what is signed"`
	Hash       string           `json:"hash" doc:"SHA-256 of the file"`
	Pages      int              `json:"pages"`
	Size       int64            `json:"size" doc:"Bytes"`
	Made       Instant          `json:"made"`
	Signatures []PaperSignature `json:"signatures"`
}

// PaperSignature is a signature in a paper.
type PaperSignature struct {
	Role   string  `json:"role" enum:"borrower,guarantor,platform"`
	Name   string  `json:"name"`
	At     Instant `json:"at"`
	Method string  `json:"method" example:"one-time code by SMS"`
}

// maxContent is the base64 of the largest file.
const maxContent = (document.MaxFile + 2) / 3 * 4

type (
	newDocument struct {
		InApplication
		Body struct {
			ID      NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Kind    string `json:"kind" minLength:"1" maxLength:"32" doc:"One that the product asks for, or other" example:"income"`
			Type    string `json:"type" enum:"application/pdf,image/jpeg,image/png"`
			Hash    string `json:"hash" pattern:"^[0-9a-f]{64}$" patternDescription:"SHA-256 in 64 hexadecimal digits" doc:"SHA-256 of the content"`
			Content string `json:"content" minLength:"4" maxLength:"13981016" doc:"The file in base64, at most 10 MiB of it"`
		} `nameHint:"NewDocument"`
	}
	documentOutput  struct{ Body ApplicationDocument }
	documentsOutput struct {
		Body struct {
			Documents []ApplicationDocument `json:"documents" doc:"Oldest first, at most 50"`
		}
	}
	documentInput struct {
		InApplication
		Document CommandID `path:"document" doc:"Id of the document" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
	}
	papersOutput struct {
		Body struct {
			Papers []ApplicationPaper `json:"papers" doc:"In the order in which they were made, at most 4"`
		}
	}
	paperInput struct {
		InApplication
		Paper string `path:"paper" enum:"disclosure,agreement,signed,annex" doc:"Kind of the paper"`
	}
	// savedOutput is a file that a browser saves and neither shows nor guesses at.
	savedOutput struct {
		ContentType string `header:"Content-Type"`
		Disposition string `header:"Content-Disposition"`
		Sniff       string `header:"X-Content-Type-Options"`
		Policy      string `header:"Content-Security-Policy"`
		Cache       string `header:"Cache-Control"`
		Body        []byte
	}
)

const (
	documentsPath = applicationPath + "/documents"
	papersPath    = applicationPath + "/papers"
)

func (s *server) applicationPapers(a huma.API) {
	send := acts(right.OrderWrite, change("send-document", documentsPath, tagLending, "Send a document for an application",
		"Its content must be of the type that is declared, and have the hash. When nothing is missing any more the application goes on."))
	send.MaxBodyBytes, send.BodyReadTimeout = maxContent+(64<<10), bodyTime
	huma.Register(a, send, s.sendDocument)
	huma.Register(a, mine(right.PersonalRead, question("list-documents", documentsPath, tagLending, "List what was sent for an application")), s.listDocuments)
	huma.Register(a, mine(right.PersonalRead, raw(question("get-document", documentsPath+"/{document}", tagLending, "Give a document that was sent"),
		"application/pdf", "image/jpeg", "image/png")), s.getDocument)
	huma.Register(a, mine(right.PersonalRead, question("list-papers", papersPath, tagLending,
		"List the papers of an application, with hashes and signatures; guarantors see the agreement, those who lend the annex")), s.listPapers)
	huma.Register(a, mine(right.PersonalRead, raw(question("get-paper", papersPath+"/{paper}", tagLending, "Give a paper as PDF"), "application/pdf")), s.getPaper)
}

func documentOf(u paper.Upload) ApplicationDocument {
	return ApplicationDocument{
		ID: ID(u.ID), Kind: u.Kind, Type: u.Type, Hash: hex.EncodeToString(u.Hash[:]), Size: u.Size, Uploader: ID(u.Uploader), At: Instant(u.At),
	}
}

func (s *server) sendDocument(ctx context.Context, in *newDocument) (*documentOutput, error) {
	g, a, err := s.application(ctx, &in.InApplication, right.OrderWrite)
	if err != nil {
		return nil, err
	}
	content, err := base64.StdEncoding.Strict().DecodeString(in.Body.Content)
	if err != nil {
		return nil, s.fault(ctx, errs.Invalid, "body.content", "is no base64")
	}
	u := paper.Upload{ID: id.ID(in.Body.ID), Kind: in.Body.Kind, Type: in.Body.Type, Uploader: by(ctx).Actor}
	if _, err := hex.Decode(u.Hash[:], []byte(in.Body.Hash)); err != nil {
		return nil, s.fault(ctx, errs.Invalid, "body.hash", "is no SHA-256 in hexadecimal digits")
	}
	v, err := g.Products.Get(ctx, a.Tenant, a.Product, uint64(a.Words.Version))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if u, err = g.Papers.Keep(ctx, a, v.Product, u, content); err == nil {
		_, err = g.Applications.Advance(ctx, a.Tenant, a.ID)
	}
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &documentOutput{Body: documentOf(u)}, nil
}

func (s *server) listDocuments(ctx context.Context, in *applicationInput) (*documentsOutput, error) {
	g, a, err := s.application(ctx, &in.InApplication, right.PersonalRead)
	if err != nil {
		return nil, err
	}
	list, err := g.Papers.Uploads(ctx, a)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &documentsOutput{}
	out.Body.Documents = convert(list, documentOf)
	return out, nil
}

func (s *server) getDocument(ctx context.Context, in *documentInput) (*savedOutput, error) {
	g, a, err := s.application(ctx, &in.InApplication, right.PersonalRead)
	if err != nil {
		return nil, err
	}
	u, file, content, err := g.Papers.File(ctx, a, id.ID(in.Document))
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "document", "path.document"))
	}
	return saved(file, u.Kind+extensions[file.Type], content), nil
}

var extensions = map[document.Type]string{document.PDF: ".pdf", document.JPEG: ".jpg", document.PNG: ".png"}

// saved answers with a file.
func saved(f document.File, name string, content []byte) *savedOutput {
	h := http.Header{}
	f.Header(h, name)
	return &savedOutput{
		ContentType: h.Get("Content-Type"), Disposition: h.Get("Content-Disposition"), Sniff: h.Get("X-Content-Type-Options"),
		Policy: h.Get("Content-Security-Policy"), Cache: h.Get("Cache-Control"), Body: content,
	}
}

func paperOf(p paper.Paper) ApplicationPaper {
	return ApplicationPaper{
		Kind: p.Kind, Language: string(p.Language), Digest: hex.EncodeToString(p.Digest[:]), Hash: hex.EncodeToString(p.Hash[:]), Pages: p.Pages, Size: p.Size,
		Made: Instant(p.Made), Signatures: convert(p.Signatures, func(x document.Signature) PaperSignature {
			return PaperSignature{Role: x.Role, Name: x.Name, At: Instant(x.At.UnixMicro()), Method: x.Method}
		}),
	}
}

// reads finds an application with the kinds of its papers that the caller may read: the borrower and who has the right all
// of them, a guarantor what he signs, those who lend the annex.
func (s *server) reads(ctx context.Context, in *InApplication) (g *ground.Ground, a *application.Application, kinds []string, err error) {
	if g, err = s.ground(ctx); err != nil {
		return nil, nil, nil, err
	}
	p := &api.CallOf(ctx).Principal
	a, err = g.Applications.Get(ctx, tenant(ctx), id.ID(in.Application))
	if err == nil && (holds(ctx, right.PersonalRead) || p.ActsFor(a.Borrower)) {
		return g, a, []string{paper.Disclosure, paper.Agreement, paper.Signed, paper.Annex}, nil
	}
	if err == nil && !p.Party.IsZero() {
		kinds, err = readsOf(ctx, g, a, p.Party)
	}
	if errs.Is(err, errs.NotFound) || err == nil && kinds == nil {
		err = errs.NotFound.Errorf("there is no such application, or it is not yours").On("path.application")
	}
	if err != nil {
		return nil, nil, nil, s.problem(ctx, err)
	}
	return g, a, kinds, nil
}

// readsOf are the kinds of papers that a party reads who is not the borrower.
func readsOf(ctx context.Context, g *ground.Ground, a *application.Application, party id.ID) (kinds []string, err error) {
	if a.Guarantees(party) {
		kinds = append(kinds, paper.Agreement, paper.Signed)
	}
	lends, err := g.Papers.Lends(ctx, a, party)
	if lends {
		kinds = append(kinds, paper.Annex)
	}
	return kinds, err
}

func (s *server) listPapers(ctx context.Context, in *applicationInput) (*papersOutput, error) {
	g, a, kinds, err := s.reads(ctx, &in.InApplication)
	if err != nil {
		return nil, err
	}
	list, err := g.Papers.List(ctx, a)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	list = slices.DeleteFunc(list, func(p paper.Paper) bool { return !slices.Contains(kinds, p.Kind) })
	out := &papersOutput{}
	out.Body.Papers = convert(list, paperOf)
	return out, nil
}

func (s *server) getPaper(ctx context.Context, in *paperInput) (*savedOutput, error) {
	g, a, kinds, err := s.reads(ctx, &in.InApplication)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(kinds, in.Paper) {
		return nil, s.fault(ctx, errs.NotFound, "path.paper", "there is no such paper, or it is not yours")
	}
	p, content, err := g.Papers.Get(ctx, a, in.Paper)
	if err != nil {
		return nil, s.problem(ctx, errs.Of(err).On("path.paper"))
	}
	return saved(document.File{Hash: p.Hash, Type: document.PDF, Size: p.Size}, in.Paper+"-"+a.ID.String()+".pdf", content), nil
}
