/** The default credential chain (files, SSO, processes, containers, instances): not loaded when the environment has keys. */
export { fromNodeProviderChain } from '@aws-sdk/credential-providers'
