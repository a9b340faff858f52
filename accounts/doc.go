// Package accounts owns who may work in the console: accounts and their roles,
// passwords and how they are proven, the pause after wrong ones, and the record of
// who did what.
//
// It does not own pages or cookies (console does), nor SQL (store does).
package accounts
