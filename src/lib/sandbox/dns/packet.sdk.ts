/** DNS on the wire, for the sandbox's name server. */
export { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet'
