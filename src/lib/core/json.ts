/** Any JSON value. Plans, events and journals hold nothing else, so that they can be saved and compared. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }

/** A value of a result document as a cell of a table: nothing for null, JSON for what has parts. */
export const jsonText = (value: Json | undefined): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
