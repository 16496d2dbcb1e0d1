/** NOTIFICATION_SECRET, the key that signs notifications. No message shows its value. */
import { readText, refuse, refuseReference, type Environment } from './environment.ts';

const setting = 'NOTIFICATION_SECRET';
const prefix = 'whsec_';
/** https://www.standardwebhooks.com asks for 24 to 64 bytes. The app accepts any key from 16 bytes. */
const fewestBytes = 16;

/** Accepts any text, or `whsec_` followed by the key in base64. Throws ConfigurationError. */
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
