/** The S3 client: loaded where a data-plane switch is looked at, engaged or disengaged. */
export { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
