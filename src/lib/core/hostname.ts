/** A name in DNS, lower case: labels of at most 63 characters, at least two of them; `*` as the first. */
export const HOSTNAME =
  /^(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/
