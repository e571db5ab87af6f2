/** The CloudWatch client: loaded where a rehearsal is given up on an alarm. */
export { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
