/** The Route 53 client: loaded where names are looked at. */
export { ListHostedZonesCommand, ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53'
