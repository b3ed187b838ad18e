import { createHash } from 'node:crypto';
import { Names, RemovalPolicy, Resource, Stack, type CfnResource, type IResource } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { DomainAuthentication } from './domain-authentication';
import { CONFIGURATION_NAME, requireName, requireSound } from './domain-checks';
import { DomainServiceType, type DomainConfigurationProps } from './domain-configuration-props';
import { isInChina, isInGovCloud } from './regions';
import { TlsSecurityPolicy } from './tls-security-policy';
import { IotAction, IotPolicyEffect, IotResource, type IotPolicyStatement } from '../access';
import { IotEndpoint } from '../account';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid } from '../private/errors';

const TYPE = 'domainconfiguration';

/** Distinguishes a configuration from the one that it replaces. */
const HASH_CHARS = 8;

/** Represents a domain configuration, owned by this app or not. */
export interface IDomainConfiguration extends IResource, iot.IDomainConfigurationRef {
  /**
   * The name of this domain configuration, which is not that of the domain.
   *
   * @attribute
   */
  readonly domainConfigurationName: string;

  /**
   * The ARN of this domain configuration. AWS IoT ends it with an id that is not known before.
   *
   * @attribute
   */
  readonly domainConfigurationArn: string;
}

abstract class DomainConfigurationBase extends Resource implements IDomainConfiguration {
  public abstract readonly domainConfigurationName: string;
  public abstract readonly domainConfigurationArn: string;

  public get domainConfigurationRef(): iot.DomainConfigurationReference {
    return { domainConfigurationName: this.domainConfigurationName, domainConfigurationArn: this.domainConfigurationArn };
  }
}

/**
 * Defines a domain that clients of AWS IoT connect to, with its certificate, versions of TLS and ways to authenticate.
 *
 * Clients must send the name of the domain in the TLS handshake (SNI). An account has at most 10 in a Region.
 *
 * @resource AWS::IoT::DomainConfiguration
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-custom-endpoints-configurable.html
 */
export class DomainConfiguration extends DomainConfigurationBase {
  /** Refers to a domain configuration that exists outside this app. Its ARN ends with `*`, as policies take it. */
  public static fromDomainConfigurationName(scope: Construct, id: string, domainConfigurationName: string): IDomainConfiguration {
    requireName(scope, domainConfigurationName);
    class Import extends DomainConfigurationBase {
      public readonly domainConfigurationName = domainConfigurationName;
      public readonly domainConfigurationArn = iotArn(this, TYPE, `${domainConfigurationName}/*`);
    }
    return new Import(scope, id);
  }

  /** Refers to a domain configuration that exists outside this app, in the account and Region that the ARN names. */
  public static fromDomainConfigurationArn(scope: Construct, id: string, domainConfigurationArn: string): IDomainConfiguration {
    const [, withoutId = domainConfigurationArn] = /^(.+\/.+)\/[^/]+$/.exec(domainConfigurationArn) ?? [];
    const domainConfigurationName = nameFromArn(scope, 'domainConfigurationArn', withoutId, TYPE);
    class Import extends DomainConfigurationBase {
      public readonly domainConfigurationName = domainConfigurationName;
      public readonly domainConfigurationArn = domainConfigurationArn;
    }
    return new Import(scope, id, { environmentFromArn: domainConfigurationArn });
  }

  public readonly domainConfigurationName: string;
  public readonly domainConfigurationArn: string;

  /** The domain that clients connect to; nothing where AWS IoT makes up the name. */
  public readonly domainName?: string;

  constructor(scope: Construct, id: string, props: DomainConfigurationProps = {}) {
    super(scope, id, { physicalName: props.domainConfigurationName });

    const { domainName, certificate, validationCertificate, serviceType = DomainServiceType.DATA, ocspStapling, clientCertificateCallback } = props;
    const authentication = serviceType === DomainServiceType.DATA ? props.authentication ?? DomainAuthentication.x509() : undefined;
    requireSound(this, props, authentication);

    // https://docs.amazonaws.cn/en_us/iot/latest/developerguide/iot-endpoints-tls-config.html: TLS 1.3 "excluding AWS GovCloud (US)"
    const tlsSecurityPolicy = props.tlsSecurityPolicy ?? (isInChina(this) || isInGovCloud(this) ? undefined : TlsSecurityPolicy.TLS13_1_2_2022_10);
    const removalPolicy = props.removalPolicy ?? (domainName === undefined ? RemovalPolicy.RETAIN : undefined);
    const name = props.domainConfigurationName ?? this.makeName([domainName, certificate?.certificateArn, validationCertificate?.certificateArn, serviceType]);
    const resource = new iot.CfnDomainConfiguration(this, 'Resource', {
      domainConfigurationName: name,
      domainName,
      serverCertificateArns: certificate && [certificate.certificateArn],
      validationCertificateArn: validationCertificate?.certificateArn,
      serviceType,
      domainConfigurationStatus: props.enabled ?? true ? 'ENABLED' : 'DISABLED',
      tlsConfig: tlsSecurityPolicy && { securityPolicy: tlsSecurityPolicy },
      authenticationType: authentication?._type,
      applicationProtocol: authentication?._protocol,
      authorizerConfig: authentication?._authorizer && {
        defaultAuthorizerName: authentication._authorizer.authorizerRef.authorizerName,
        allowAuthorizerOverride: props.allowAuthorizerOverride ?? false,
      },
      serverCertificateConfig: ocspStapling && {
        enableOcspCheck: true,
        ocspLambdaArn: ocspStapling._responder?.functionArn,
        ocspAuthorizedResponderArn: ocspStapling._authorizedResponder?.certificateArn,
      },
      clientCertificateConfig: clientCertificateCallback && { clientCertificateCallbackArn: clientCertificateCallback.functionArn },
    });
    if (authentication?._authorizer) {
      // AWS IoT does not delete an authorizer that a domain names, so that the domain has to go first.
      resource.node.addDependency(authentication._authorizer);
    }
    const functions = { CallbackPermission: clientCertificateCallback, ResponderPermission: ocspStapling?._responder };
    const permissions = Object.entries(functions).flatMap(([permissionId, target]) => (target ? this.permit(permissionId, target, name) : []));
    resource.node.addDependency(...permissions);
    const record = this.defineRecord(props, resource);
    if (removalPolicy !== undefined) {
      [resource, ...permissions, ...record].forEach((each) => each.applyRemovalPolicy(removalPolicy));
    }

    this.domainName = domainName;
    this.domainConfigurationName = this.getResourceNameAttribute(resource.ref);
    this.domainConfigurationArn = this.getResourceArnAttribute(resource.attrArn, { service: 'iot', resource: TYPE, resourceName: `${this.physicalName}/*` });
  }

  /**
   * Returns a statement that denies everything but connecting to this domain, whatever else is allowed: for a policy beside
   * those of the devices.
   *
   * Without it, devices can get around what a domain asks of them, such as its `clientCertificateCallback` and its TLS policy,
   * through the endpoint that every account has. AWS credentials, which come from elsewhere, are not denied.
   *
   * @param others Further domains that are not denied.
   */
  public denyElsewhere(...others: DomainConfiguration[]): IotPolicyStatement {
    return {
      effect: IotPolicyEffect.DENY,
      actions: Object.values(IotAction).filter((action) => action !== IotAction.ASSUME_ROLE_WITH_CERTIFICATE),
      otherActions: ['greengrass:*'],
      resources: [IotResource.any()],
      // Negated operators match where the key is missing: for devices that send no server name.
      conditions: { StringNotEquals: { 'iot:DomainName': [this, ...others].map((domain) => domain.requireDomainName()) } },
    };
  }

  private requireDomainName(): string {
    if (this.domainName === undefined) {
      throw invalid(this, "'domainName' must be given for policies that name it: what AWS IoT makes up is known only after deployment");
    }
    return this.domainName;
  }

  /** A name that changes with what replaces the configuration, known before deployment: permissions name it. */
  private makeName(replacing: readonly (string | undefined)[]): string {
    const name = Names.uniqueResourceName(this, { maxLength: CONFIGURATION_NAME.maxLength - HASH_CHARS - 1, separator: '-', allowedSpecialCharacters: '_-' });
    const hash = createHash('sha256').update(JSON.stringify(Stack.of(this).resolve(replacing))).digest('hex').slice(0, HASH_CHARS);
    return `${name}-${hash}`;
  }

  private permit(id: string, target: lambda.IFunction, name: string): lambda.CfnPermission {
    return new lambda.CfnPermission(this, id, {
      action: 'lambda:InvokeFunction',
      functionName: target.functionArn,
      principal: 'iot.amazonaws.com',
      sourceAccount: Stack.of(this).account,
      // From the name: the configuration itself needs the permission. AWS IoT ends the ARN with an id.
      sourceArn: iotArn(this, TYPE, `${name}/*`),
    });
  }

  private defineRecord({ domainName, hostedZone: zone }: DomainConfigurationProps, resource: iot.CfnDomainConfiguration): CfnResource[] {
    if (zone === undefined || domainName === undefined) {
      return [];
    }
    const record = new route53.CnameRecord(this, 'Record', { zone, recordName: `${domainName}.`, domainName: IotEndpoint.of(this).dataAddress });
    // A domain that leads to AWS IoT before it is known there shows clients the wrong certificate.
    record.node.addDependency(resource);
    return [record.node.defaultChild as CfnResource];
  }
}
