export { ApplicationProtocol, DomainAuthentication } from './domain-authentication';
export { DomainConfiguration, DomainServiceType } from './domain-configuration';
export type { DomainConfigurationProps, IDomainConfiguration } from './domain-configuration';
export { EndpointTls } from './endpoint-tls';
export type { EndpointTlsProps } from './endpoint-tls';
export { IotVpcEndpoint, IotVpcEndpointService } from './iot-vpc-endpoint';
export type { IotVpcEndpointProps } from './iot-vpc-endpoint';
export { OcspStapling } from './ocsp-stapling';
export { TlsSecurityPolicy } from './tls-security-policy';
