package sale_test

import (
	"testing"

	"github.com/longmen/longmen/core/order/ordertest"
	"github.com/longmen/longmen/front/market/sale"
)

// The drawing in the page is made from the declaration.
func TestTheDrawingOfThePage(t *testing.T) {
	ordertest.Drawing(t, "../../../docs/claim-transfer.md", sale.Kind())
}
