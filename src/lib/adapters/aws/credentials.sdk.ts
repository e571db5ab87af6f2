/** Profiles, and the default chain (files, SSO, processes, containers, instances): not loaded when the environment has keys. */
export { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers'
