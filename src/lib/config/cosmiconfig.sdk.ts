export { cosmiconfig } from 'cosmiconfig'
