import type { TextRule } from '../../private/text';

/** An endpoint of actions over HTTPS. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
export const HTTPS_URL: TextRule = {
  pattern: /^https:\/\/[^/:?#@\s]+(:(443|8443))?([/?#]\S*)?$/,
  characters: 'an https:// URL with port 443 or 8443 and no user in it',
  maxLength: 2000,
};

/** A database, on whatever port. */
export const HTTPS_ENDPOINT: TextRule = {
  pattern: /^https:\/\/[^/:?#@\s]+(:\d{1,5})?\/?$/,
  characters: 'an https:// URL without a path',
  maxLength: 2000,
};
