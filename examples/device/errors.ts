/** What the owner of a device can mend: the message alone says what, where and what to do. */
export class DeviceError extends Error {}
