/** Ink asks for React's developer tools only with DEV=true; a shipped nyah has none. */
export default {}
