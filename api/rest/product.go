package rest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Words is a name or a sentence for people, in two languages.
type Words struct {
	Zh string `json:"zh" doc:"In Chinese" example:"消费贷款"`
	En string `json:"en" doc:"In English" example:"Consumer loan"`
}

// ProductHead is a version of a product without what it says.
type ProductHead struct {
	Code      string  `json:"code" example:"consumer-loan"`
	Name      Words   `json:"name"`
	Version   uint64  `json:"version" doc:"1, 2, 3… of the product"`
	Effective Date    `json:"effective" doc:"In force from this day on, until a later version is"`
	Offered   bool    `json:"offered" doc:"New applications are taken"`
	Hash      string  `json:"hash" doc:"SHA-256 of the product as it was approved" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Approved  Instant `json:"approved"`
	Proposal  ID      `json:"proposal,omitzero" doc:"For who has the right product.read"`
	Proposer  ID      `json:"proposer,omitzero" doc:"The principal; for who has the right product.read"`
	Approver  ID      `json:"approver,omitzero" doc:"The principal; for who has the right product.read"`
}

// ProductItem is a product of the list.
type ProductItem struct {
	Code    string       `json:"code" example:"consumer-loan"`
	Current *ProductHead `json:"current,omitempty" doc:"The version in force today; absent before the first is"`
	Next    *ProductHead `json:"next,omitempty" doc:"The version that is in force next; for who has the right product.read"`
}

// ProductVersion is a version of a product with all that it says.
type ProductVersion struct {
	ProductHead
	Product json.RawMessage `json:"product" doc:"By the schema at /v1/product-schema"`
}

// InProduct names a version of a product: the one in force today unless something else is asked for.
type InProduct struct {
	Product string    `path:"product" maxLength:"64" doc:"Code of the product" example:"consumer-loan"`
	On      DateParam `query:"on" doc:"The version in force on this day"`
	Version uint64    `query:"version" minimum:"1" maximum:"9007199254740991" doc:"The version of this number"`
}

type (
	productsOutput struct {
		Body struct {
			Products []ProductItem `json:"products" doc:"By code; a page may be short, even empty, and have a next"`
			Next
		} `nameHint:"Products"`
	}
	productOutput struct{ Body ProductVersion }
	versionsInput struct {
		InPage
		Product string `path:"product" maxLength:"64" doc:"Code of the product" example:"consumer-loan"`
	}
	versionsOutput struct {
		Body struct {
			Versions []ProductHead `json:"versions" doc:"Newest first; a page may be short, even empty, and have a next"`
			Next
		} `nameHint:"ProductVersions"`
	}
	fileOutput struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}
	newVersion struct {
		Body struct {
			ID        NewID  `json:"id" doc:"Of the proposal, made by the client: the same again changes nothing"`
			File      string `json:"file" minLength:"1" maxLength:"65536" doc:"The product's file, YAML"`
			Effective Date   `json:"effective" doc:"In force from this day on; today by the ledger's clock at the earliest"`
			Reason    string `json:"reason" minLength:"1" maxLength:"1000" doc:"For those who decide"`
		} `nameHint:"NewProductVersion"`
	}
	proposedOutput struct{ Body Proposed }
)

// Proposed is a proposal that somebody else has to approve.
type Proposed struct {
	ID      ID      `json:"id" doc:"Of the proposal"`
	Action  string  `json:"action" example:"product-version"`
	State   string  `json:"state" enum:"open,approved,refused,withdrawn,expired"`
	Expires Instant `json:"expires" doc:"Until then somebody may decide"`
}

func proposedOf(p *ops.Proposal) *proposedOutput {
	return &proposedOutput{Body: Proposed{ID: ID(p.ID), Action: p.Action, State: p.State.String(), Expires: Instant(p.Expires)}}
}

const (
	productPath = "/v1/products/{product}"
	maxProposal = 512 << 10 // a file in JSON, or a chart
)

// offered: everybody, for what is offered; with the right product.read, for everything.
func offered(op huma.Operation) huma.Operation {
	return declare(op, access{mine: true, tenant: true}, map[string]any{"anybody": true, "all": right.ProductRead.String()})
}

func (s *server) products(a huma.API) {
	huma.Register(a, offered(question("list-products", "/v1/products", tagProducts,
		"List the products; without the right product.read, those that are offered")), s.listProducts)
	huma.Register(a, offered(question("get-product", productPath, tagProducts, "Tell what a version of a product says")), s.getProduct)
	huma.Register(a, offered(question("list-product-versions", productPath+"/versions", tagProducts, "List the versions of a product")), s.listVersions)
	huma.Register(a, offered(raw(question("get-product-file", productPath+"/file", tagProducts, "Write a version of a product as a file"), yamlType)), s.getProductFile)
	huma.Register(a, anybody(raw(question("get-product-schema", "/v1/product-schema", tagProducts,
		"Give the JSON schema of product files, for editors"), schemaType)), s.getProductSchema)
	ask := change("simulate-product", productPath+"/simulation", tagProducts, "Work out what a loan would be: schedule, flows of all parties, all-in cost", "")
	huma.Register(a, offered(ask), s.simulateProduct)
	ask = change("decide-product", productPath+"/decision", tagProducts, "Ask the rules of eligibility about the facts of an application", "")
	huma.Register(a, offered(ask), s.decideProduct)
	propose := change("propose-product", "/v1/products", tagProducts, "Propose a version of a product, which another person approves",
		"A refusal names the line of the file and the field.")
	propose.MaxBodyBytes = maxProposal
	huma.Register(a, decides(right.ProductPropose, propose), s.proposeProduct)
	s.calendars(a)
}

const (
	yamlType   = "application/yaml"
	schemaType = "application/schema+json"
)

// raw describes an answer that is no JSON of ours.
func raw(op huma.Operation, types ...string) huma.Operation {
	content := map[string]*huma.MediaType{}
	for _, t := range types {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses = map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK), Content: content}}
	return op
}

// shelf is the products as one caller sees them today.
type shelf struct {
	*ground.Ground
	tenant id.ID
	today  day.Date
	all    bool // what is not offered too
}

func (s *server) shelf(ctx context.Context) (*shelf, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	f := &shelf{Ground: g, tenant: tenant(ctx), all: holds(ctx, right.ProductRead)}
	if f.today, err = g.Products.Today(ctx, f.tenant); err != nil {
		return nil, s.problem(ctx, err)
	}
	return f, nil
}

// shows says whether the caller may see a version: for clients it was offered once.
func (f *shelf) shows(v *catalog.Version) bool {
	return f.all || v.Effective <= f.today && v.Product.Offered
}

// version finds the version that is asked for.
func (f *shelf) version(ctx context.Context, in *InProduct) (v catalog.Version, err error) {
	switch {
	case in.Version != 0 && in.On.Date != 0:
		return v, errs.Invalid.Errorf("names a version, and on a day: leave one out").On("query.version")
	case in.Version != 0:
		v, err = f.Products.Get(ctx, f.tenant, in.Product, in.Version)
	case in.On.Date != 0:
		v, err = f.Products.InForce(ctx, f.tenant, in.Product, dayOf(in.On.Date))
	default:
		v, err = f.Products.InForce(ctx, f.tenant, in.Product, f.today)
	}
	if err == nil && !f.shows(&v) {
		err = errs.NotFound.Errorf("there is no such version of the product")
	}
	return v, err
}

func (f *shelf) head(v *catalog.Version) ProductHead {
	h := ProductHead{
		Code: v.Code, Name: Words(v.Product.Name), Version: v.Number, Effective: dateOf(v.Effective), Offered: v.Product.Offered,
		Hash: hex.EncodeToString(v.Hash[:]), Approved: Instant(v.Approved),
	}
	if f.all {
		h.Proposal, h.Proposer, h.Approver = ID(v.Proposal), ID(v.Proposer), ID(v.Approver)
	}
	return h
}

func (s *server) listProducts(ctx context.Context, in *InPage) (*productsOutput, error) {
	f, err := s.shelf(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.place(ctx, listOfProducts, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := f.Products.List(ctx, f.tenant, string(after), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &productsOutput{}
	out.Body.Products = []ProductItem{}
	for i := range list {
		item, err := f.item(ctx, &list[i])
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		if item.Current != nil || item.Next != nil {
			out.Body.Products = append(out.Body.Products, item)
		}
	}
	if len(list) == in.Limit {
		out.Body.Next.Next = cursor(listOfProducts, []byte(list[len(list)-1].Code))
	}
	return out, nil
}

// item tells which version of a product is in force, and which one is next, from the newest one.
func (f *shelf) item(ctx context.Context, newest *catalog.Version) (item ProductItem, err error) {
	item.Code = newest.Code
	current, next := *newest, uint64(0)
	if newest.Effective > f.today {
		current, err = f.Products.InForce(ctx, f.tenant, newest.Code, f.today)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return item, err
		}
		next = current.Number + 1 // 1 while none is in force
	}
	if current.Number != 0 && f.shows(&current) {
		h := f.head(&current)
		item.Current = &h
	}
	if next == 0 || !f.all {
		return item, nil
	}
	coming := *newest
	if next != newest.Number {
		if coming, err = f.Products.Get(ctx, f.tenant, newest.Code, next); err != nil {
			return item, err
		}
	}
	h := f.head(&coming)
	item.Next = &h
	return item, nil
}

func (s *server) getProduct(ctx context.Context, in *InProduct) (*productOutput, error) {
	f, v, err := s.productVersion(ctx, in)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(v.Product)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &productOutput{Body: ProductVersion{ProductHead: f.head(&v), Product: content}}, nil
}

func (s *server) productVersion(ctx context.Context, in *InProduct) (*shelf, catalog.Version, error) {
	f, err := s.shelf(ctx)
	if err != nil {
		return nil, catalog.Version{}, err
	}
	v, err := f.version(ctx, in)
	if err != nil {
		return nil, v, s.problem(ctx, err)
	}
	return f, v, nil
}

func (s *server) listVersions(ctx context.Context, in *versionsInput) (*versionsOutput, error) {
	f, err := s.shelf(ctx)
	if err != nil {
		return nil, err
	}
	below, err := s.sequence(ctx, listOfVersions, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := f.Products.Versions(ctx, f.tenant, in.Product, below, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &versionsOutput{}
	out.Body.Versions = []ProductHead{}
	for i := range list {
		if f.shows(&list[i]) {
			out.Body.Versions = append(out.Body.Versions, f.head(&list[i]))
		}
	}
	if len(list) == in.Limit {
		out.Body.Next.Next = numberCursor(listOfVersions, list[len(list)-1].Number)
	}
	return out, nil
}

func (s *server) getProductFile(ctx context.Context, in *InProduct) (*fileOutput, error) {
	_, v, err := s.productVersion(ctx, in)
	if err != nil {
		return nil, err
	}
	file, err := v.Product.File()
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &fileOutput{ContentType: yamlType, Body: file}, nil
}

func (s *server) getProductSchema(ctx context.Context, _ *struct{}) (*fileOutput, error) {
	schema, err := catalog.Schema()
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &fileOutput{ContentType: schemaType, Body: schema}, nil
}

func (s *server) proposeProduct(ctx context.Context, in *newVersion) (*proposedOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	effective := dayOf(in.Body.Effective)
	if effective > day.Max {
		return nil, s.fault(ctx, errs.Invalid, "body.effective", "lies after "+day.Max.String())
	}
	if len(in.Body.Reason) > ops.MaxReason {
		return nil, s.longReason(ctx)
	}
	p, err := g.Products.Propose(ctx, g.Approvals, catalog.Draft{
		Tenant: tenant(ctx), Proposal: id.ID(in.Body.ID), Proposer: by(ctx).Actor, File: []byte(in.Body.File), Effective: effective, Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, s.inFile(ctx, err)
	}
	return proposedOf(&p), nil
}

func (s *server) longReason(ctx context.Context) error {
	return s.fault(ctx, errs.Invalid, "body.reason", "is too long: at most 1000 bytes, which are fewer characters in Chinese")
}

// inFile tells all that is wrong with a product's file, each with its line and field.
func (s *server) inFile(ctx context.Context, err error) error {
	var faults catalog.Faults
	p := problemOf(inBodyOf(inBodyOf(err, "product", "body.file"), "effective", "body.effective"))
	if p.Request = requestID(ctx); errors.As(err, &faults) && len(faults) > 1 {
		for _, f := range faults {
			place := "body.file"
			if f.Field != "" {
				place += "." + f.Field
			}
			p.Errors = append(p.Errors, Fault{Field: place, Detail: cut(fmt.Sprintf("line %d: %s", f.Line, f.Reason))})
		}
	}
	return p
}
