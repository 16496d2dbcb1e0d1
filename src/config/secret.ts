/** NOTIFICATION_SECRET: signs notifications. Its value is never shown. */
import { readText, refuse, refuseReference, type Environment } from './environment.ts';

const setting = 'NOTIFICATION_SECRET';
const prefix = 'whsec_';
/** https://www.standardwebhooks.com asks for 24 to 64 bytes; less than this is no key. */
const fewestBytes = 16;

/** Any text, or `whsec_` and the key as base64. */
export function readSecret(env: Environment): string | undefined {
  const text = readText(env, setting);
  if (text === undefined) return undefined;
  refuseReference(setting, text);
  if (!text.startsWith(prefix)) return text;
  const base64 = text.slice(prefix.length);
  const isKey = /^[A-Za-z\d+/_-]+={0,2}$/.test(base64) && Buffer.from(base64, 'base64').length >= fewestBytes;
  return isKey
    ? text
    : refuse(
        setting,
        `${prefix} and no such key`,
        `any text, or ${prefix} and at least ${fewestBytes} bytes as base64`,
      );
}
