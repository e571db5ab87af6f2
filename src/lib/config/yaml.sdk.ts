export { parse, parseDocument } from 'yaml'
