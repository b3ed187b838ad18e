import type { Functions } from '../lambda/functions';
import { acmPcaService } from './acm-pca/acm-pca';
import { dynamodbService } from './dynamodb/dynamodb';
import { kmsService } from './kms/kms';
import { lambdaService } from './lambda';
import { s3Service } from './s3/s3';
import { secretsManagerService } from './secrets-manager/secrets-manager';
import type { Service } from './service';
import { ssmService } from './ssm/ssm';
import { stsService } from './sts';
import type { Surroundings } from './surroundings';

/** The stand-ins for the services that handlers call besides AWS IoT. */
export function standIns(around: Surroundings, functions: Functions, onFunctionError: (message: string) => void): readonly Service[] {
  return [
    acmPcaService(around),
    dynamodbService(around),
    kmsService(around),
    lambdaService(functions, around.scope, onFunctionError),
    s3Service(around),
    secretsManagerService(around),
    ssmService(around),
    stsService(around),
  ];
}
