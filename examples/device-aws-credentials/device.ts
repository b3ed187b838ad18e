/**
 * A device that exchanges its certificate for AWS credentials, and puts a file under its own prefix of a bucket.
 *
 * The client of the AWS SDK asks for credentials when it needs them, and again shortly before they expire.
 */
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { command, runCommand, say } from '../device/command';
import { DeviceError } from '../device/errors';
import { readKit, thingNameOf } from '../device/kit';
import { fetchCredentials } from './credentials';

interface Options {
  readonly kit: string;
  readonly bucket: string;
  readonly roleAlias: string;
  readonly region: string;
}

runCommand(command('device', 'Get AWS credentials with a device certificate, and put a file into S3.')
  .requiredOption('--kit <dir>', 'connection kit of the device')
  .requiredOption('--bucket <name>', 'bucket to put the file into')
  .option('--role-alias <name>', 'role alias to get credentials through', 'sensor-uploads')
  .option('--region <name>', 'Region of the bucket', process.env.AWS_REGION ?? 'us-east-1')
  .addHelpText('after', '\nOn the twin, set AWS_ENDPOINT_URL to its endpoint for AWS.')
  .action(async ({ kit: folder, bucket, roleAlias, region }: Options) => {
    const kit = readKit(folder);
    const key = `${thingNameOf(kit, folder)}/reading.json`;
    const s3 = new S3Client({ region, credentials: () => fetchCredentials(kit, roleAlias) });
    try {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: JSON.stringify({ celsius: 21 }) }));
    } catch (error) {
      throw error instanceof DeviceError ? error : new DeviceError(`cannot put s3://${bucket}/${key}: ${(error as Error).name}, ${(error as Error).message}`);
    }
    say(`put s3://${bucket}/${key}`);
  }));
