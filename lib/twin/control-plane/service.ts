import type * as api from '@aws-sdk/client-iot';
import { IotError } from '../account';
import type { Account } from '../account';
import { ServiceError } from '../aws';
import type { Service, ServiceRequest, ServiceResponse } from '../aws';
import type { Clock } from '../clock';
import type { Need } from '../iam';
import type { LocalAuthority } from '../pki/authority';
import { readCall, writeAnswer } from './binding';
import { describeEndpoint } from './endpoints';
import type { EndpointAddresses } from './endpoints';
import { Issuing } from './issuing';
import { iotNeeds } from './permissions';

/** What the control plane works with. */
export interface ControlPlaneProps {
  readonly account: Account;
  readonly authority: Pick<LocalAuthority, 'deviceCertificate' | 'issueForCsr'>;
  readonly clock: Clock;
  readonly endpoints: () => EndpointAddresses;

  /** Provision a thing by a template. */
  readonly registerThing: (input: { readonly templateBody?: string; readonly parameters?: Readonly<Record<string, string>> }) => Promise<object>;

  /** Ask a custom authorizer about credentials. */
  readonly testInvokeAuthorizer?: (input: api.TestInvokeAuthorizerRequest) => Promise<object>;

  /** What other parts of the twin do, by the name of the call in lower camel case. */
  readonly operations?: Readonly<Record<string, Operation>>;

  /** Run a registration task; what becomes of it is written into its record. */
  readonly runTask: (taskId: string) => void;
}

/** A call: what it takes and what it answers. It throws IotError. */
export type Operation = (input: never) => object | Promise<object>;

/**
 * The `iot` service for clients of the AWS SDK. How calls look on the wire is the SDK's knowledge, what they do is the
 * account's: here they only meet.
 */
export class ControlPlane implements Service {
  public readonly name = 'iot';
  private readonly beside: Readonly<Record<string, Operation>>;

  constructor(private readonly props: ControlPlaneProps) {
    const { account, authority, clock, endpoints, operations, registerThing, runTask, testInvokeAuthorizer } = props;
    const issuing = new Issuing(account, authority, clock);
    this.beside = {
      ...operations,
      createCertificateFromCsr: (input: api.CreateCertificateFromCsrRequest) => issuing.createCertificateFromCsr(input),
      createKeysAndCertificate: (input: api.CreateKeysAndCertificateRequest) => issuing.createKeysAndCertificate(input),
      createProvisioningClaim: (input: api.CreateProvisioningClaimRequest) => issuing.createProvisioningClaim(input),
      describeEndpoint: (input: api.DescribeEndpointRequest) => describeEndpoint(endpoints(), input),
      registerThing: (input: Parameters<typeof registerThing>[0]) => registerThing(input),
      ...testInvokeAuthorizer && { testInvokeAuthorizer },
      startThingRegistrationTask: (input: api.StartThingRegistrationTaskRequest) => {
        const started = account.startThingRegistrationTask(input);
        runTask(started.taskId);
        return started;
      },
    };
  }

  public needs(request: ServiceRequest): readonly Need[] | undefined {
    const { account } = this.props;
    try {
      const call = readCall(request);
      this.perform(call.operation);
      return iotNeeds(call, account.scope, (arn) => account.tagsOf(arn));
    } catch (error) {
      throw error instanceof IotError ? new ServiceError(error.name, error.message, error.statusCode) : error;
    }
  }

  public async handle(request: ServiceRequest): Promise<ServiceResponse> {
    try {
      const { operation, status, input } = readCall(request);
      return { status, headers: { 'content-type': 'application/json' }, body: writeAnswer(await this.perform(operation)(input as never)) };
    } catch (error) {
      if (error instanceof IotError) {
        return answerError(error);
      }
      throw error;
    }
  }

  /**
   * The method that a call is named after: `RegisterCACertificate` is `registerCaCertificate`.
   *
   * @throws IotError for a call that the twin does not serve.
   */
  private perform(operation: string): Operation {
    const { account } = this.props;
    const name = operation.charAt(0).toLowerCase() + operation.slice(1);
    if (Object.hasOwn(this.beside, name)) {
      return this.beside[name]!;
    }
    const method = [name, name.replace('CA', 'Ca')].find((candidate) => candidate in account) as keyof Account | undefined;
    if (method === undefined) {
      throw new IotError('UnsupportedOperationException', `the twin does not serve ${operation} of AWS IoT`);
    }
    return (account[method] as Operation).bind(account);
  }
}

function answerError({ name, message, statusCode, details }: IotError): ServiceResponse {
  return {
    status: statusCode,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
    body: JSON.stringify({ message, ...details }),
  };
}
