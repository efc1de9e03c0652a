// Package notice tells parties something over channels, by their preferences, and keeps what was told: the outbox.
//
// A notice is planned with the change that causes it, in the same transaction, and sent by a planned event: so it is
// neither lost nor sent for something that did not happen. A channel may get one twice when a node dies in between; the
// notice's id lets it tell. In the inbox, which hands nothing over, it is written as sent at once.
//
// Texts come from templates and addresses from whoever knows the party, both through interfaces. The text of a secret
// notice, such as a one-time code, is not kept once it is sent, nor is what it was made of.
//
// The package must not know what a notice means, which templates there are, or how a channel sends.
package notice
