/** An OpenAPI document with one of everything that an importer can stumble over. */
export const LIBRARY_API = `
openapi: 3.1.0
info: { title: "Städtische Bücherei", version: "2.4" }
servers:
  - url: https://{region}.library.test/api/
    variables: { region: { default: eu } }
security:
  - {}
  - key: []
  - oauth: [read]
paths:
  /books/{book-id}:
    parameters:
      - { name: book-id, in: path, required: true, schema: { type: integer, minimum: 1 } }
    get:
      operationId: getBook
      summary: One book.
      parameters:
        - { name: fields, in: query, description: Members to give., schema: { type: array, items: { type: string, enum: [title, author] } } }
        - { name: lang, in: query, schema: { type: [string, "null"], default: de, pattern: "[a-z]{2}" } }
        - { name: X-Trace, in: header, schema: { type: string, maxLength: 64 } }
        - { name: Accept, in: header, schema: { type: string } }
        - { name: session, in: cookie, schema: { type: string } }
    put:
      operationId: getBook
      description: "Replaces a book; the price is in \${CURRENCY}."
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: "#/components/schemas/Book" }
    delete:
      summary: Removes a book.
      deprecated: true
  /books:
    post:
      operationId: books/add
      security: [{ oauth: [write] }]
      requestBody:
        required: true
        content:
          application/vnd.library+json:
            schema: { type: array, items: { $ref: "#/components/schemas/Book" } }
  /search:
    get:
      operationId: search
      parameters:
        - { name: id, in: query, required: true, schema: { type: string, pattern: "[unclosed" } }
        - { name: sort, in: query, explode: false, description: Order., schema: { type: array, items: { type: string } } }
        - { name: range, in: query, style: deepObject, schema: { type: object } }
        - { name: filter, in: query, content: { application/json: { schema: { type: object, properties: { year: { type: integer } } } } } }
  /loans/{id}:
    post:
      operationId: lend
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
        - { name: id, in: query, required: true, schema: { type: string } }
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: { type: object, properties: { days: { type: integer, default: 14 }, note: { type: string }, tags: { type: array, items: { type: string } }, extra: { type: object } } }
  /covers:
    post:
      operationId: uploadCover
      requestBody:
        required: true
        content: { multipart/form-data: { schema: { type: object } } }
  /elsewhere:
    get:
      operationId: elsewhere
      parameters: [{ $ref: "common.yaml#/Page" }]
  /mixed:
    get:
      operationId: mixed
      parameters: [{ name: when, in: query, required: true, schema: { oneOf: [{ type: string }, { type: integer }] } }]
  /reports:
    servers: [{ url: "https://reports.library.test" }]
    get: { operationId: report }
  /notes:
    servers: [{ url: "https://eu.library.test/api/" }]
    post:
      operationId: note
      requestBody: { content: { text/plain: { schema: { type: string } } } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Library-Key }
    oauth: { type: oauth2, flows: {} }
  schemas:
    Thing: { type: object, required: [id], properties: { id: { type: integer, readOnly: true } } }
    Book:
      allOf:
        - { $ref: "#/components/schemas/Thing" }
        - type: object
          required: [title]
          properties:
            title: { type: string, minLength: 1 }
            price: { type: number, nullable: true }
            author:
              type: object
              description: Who wrote it.
              required: [name]
              properties: { name: { type: string }, books: { type: array, items: { type: string } } }
`;
