// Package document makes contracts as PDF, and keeps files that people upload.
//
// A document is typed data (Agreement, Annex, Assignment, Disclosure) and a template in Chinese or English. The same data give the
// same bytes with the same fonts: no clock and no randomness goes in. Latin letters come from fonts that are built in,
// Chinese ones from a font of the machine that FindFonts looks for; a line changes fonts as often as it has to.
//
// Signatures stand over the digest of a document's text, which is printed under it and does not change when the signed
// copy is made.
//
// The package must not know loans that exist, who may see a document, where its record is kept, or how it is signed.
package document
