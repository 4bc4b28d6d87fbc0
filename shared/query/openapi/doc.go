// Package openapi makes the description of the interface (OpenAPI 3.1) from the table of
// routes, the parameters and the structs of the answers.
package openapi
