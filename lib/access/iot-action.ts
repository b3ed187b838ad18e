/**
 * The actions that an AWS IoT policy can allow or deny.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html
 */
export enum IotAction {
  /** Connect with a client id. Checked against `client`. */
  CONNECT = 'iot:Connect',
  /** Publish on a topic. Checked against `topic`. */
  PUBLISH = 'iot:Publish',
  /** Publish with the RETAIN flag, which also needs `iot:Publish`. Checked against `topic`. */
  RETAIN_PUBLISH = 'iot:RetainPublish',
  /** Subscribe to a topic filter. Checked against `topicfilter`, once. */
  SUBSCRIBE = 'iot:Subscribe',
  /** Receive messages of a topic. Checked against `topic`, for every message. */
  RECEIVE = 'iot:Receive',
  /** Read a retained message over HTTPS. Checked against `topic`. */
  GET_RETAINED_MESSAGE = 'iot:GetRetainedMessage',
  /** List retained messages over HTTPS. Only granted on all resources. */
  LIST_RETAINED_MESSAGES = 'iot:ListRetainedMessages',
  /** Read a shadow over HTTPS; over MQTT, publish and subscribe decide. Checked against `thing`. */
  GET_THING_SHADOW = 'iot:GetThingShadow',
  /** Update a shadow over HTTPS. Checked against `thing`. */
  UPDATE_THING_SHADOW = 'iot:UpdateThingShadow',
  /** Delete a shadow over HTTPS. Checked against `thing`. */
  DELETE_THING_SHADOW = 'iot:DeleteThingShadow',
  /** List the named shadows of a thing over HTTPS. */
  LIST_NAMED_SHADOWS_FOR_THING = 'iot:ListNamedShadowsForThing',
  /** Read a job over HTTPS; over MQTT, publish and subscribe decide. Checked against `thing`. */
  DESCRIBE_JOB_EXECUTION = 'iotjobsdata:DescribeJobExecution',
  /** List pending jobs over HTTPS. Checked against `thing`. */
  GET_PENDING_JOB_EXECUTIONS = 'iotjobsdata:GetPendingJobExecutions',
  /** Start the next job over HTTPS. Checked against `thing`. */
  START_NEXT_PENDING_JOB_EXECUTION = 'iotjobsdata:StartNextPendingJobExecution',
  /** Report on a job over HTTPS. Checked against `thing`. */
  UPDATE_JOB_EXECUTION = 'iotjobsdata:UpdateJobExecution',
  /** Exchange the certificate for AWS credentials. Checked against `rolealias`. */
  ASSUME_ROLE_WITH_CERTIFICATE = 'iot:AssumeRoleWithCertificate',
  /** Disconnect a client. Checked against `client`. */
  DELETE_CONNECTION = 'iot:DeleteConnection',
  /** Send a message to one client, subscribed or not. Checked against the `client` that receives it. */
  SEND_DIRECT_MESSAGE = 'iot:SendDirectMessage',
}
