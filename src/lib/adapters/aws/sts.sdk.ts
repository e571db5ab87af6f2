/** The STS client: loaded for `doctor` and for roles. */
export { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
