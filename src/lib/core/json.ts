/** Any JSON value. Plans, events and journals hold nothing else, so that they can be saved and compared. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }
