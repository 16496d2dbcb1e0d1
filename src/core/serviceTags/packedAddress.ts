/**
 * Addresses as unsigned 32-bit words, for comparisons without big integers.
 *
 * An IPv4 address fills the last word only; an IPv6 address all four. An IPv4-mapped IPv6 address
 * (`::ffff:192.0.2.1`) is the IPv4 address: that is what a firewall sees on the wire.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { AddressFamily } from '../prefixes.ts';

/** One address or CIDR. Made for reuse: `parsePacked` overwrites it. */
export interface PackedPrefix {
  family: AddressFamily;
  length: number;
  /** First address, most significant word first; IPv4 uses the last word only. */
  readonly words: Uint32Array;
}

const zero = 48;
const nine = 57;
const colon = 58;
const dot = 46;

export function newPackedPrefix(): PackedPrefix {
  return { family: 'ipv4', length: 32, words: new Uint32Array(4) };
}

/** Parses an address or a CIDR into `out`, host bits cleared; false if the text is neither. */
export function parsePacked(text: string, out: PackedPrefix): boolean {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const length = slash < 0 ? -1 : parseLength(text, slash + 1);
  if (length === undefined) return false;

  if (isIPv4(address)) {
    if (length > 32) return false;
    out.family = 'ipv4';
    out.length = length < 0 ? 32 : length;
    out.words[3] = packIpv4(address, 0);
    clearHostBits(out);
    return true;
  }
  if (address.includes('%') || !isIPv6(address) || length > 128) return false;
  packIpv6(address, out.words);
  out.family = 'ipv6';
  out.length = length < 0 ? 128 : length;
  if (out.length >= 96 && isMapped(out.words)) {
    out.family = 'ipv4';
    out.length -= 96;
  }
  clearHostBits(out);
  return true;
}

/** -1, 0 or 1: by address of one family, then the wider one first. */
export function comparePacked(a: PackedPrefix, b: PackedPrefix): number {
  for (let word = a.family === 'ipv4' ? 3 : 0; word < 4; word += 1) {
    const left = a.words[word] ?? 0;
    const right = b.words[word] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

function parseLength(text: string, from: number): number | undefined {
  const digits = text.length - from;
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(from) === zero)) return undefined;
  let value = 0;
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < zero || code > nine) return undefined;
    value = value * 10 + code - zero;
  }
  return value;
}

function packIpv4(text: string, from: number): number {
  let value = 0;
  let octet = 0;
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === dot) {
      value = value * 256 + octet;
      octet = 0;
    } else {
      octet = octet * 10 + code - zero;
    }
  }
  return value * 256 + octet;
}

/** `text` is known to be an IPv6 address. */
function packIpv6(text: string, words: Uint32Array): void {
  words.fill(0);
  const lastColon = text.lastIndexOf(':');
  const hasIpv4Tail = text.includes('.');
  const groups: number[] = [];
  let gapAt = -1;
  let group = 0;
  let hasGroup = false;
  const end = hasIpv4Tail ? lastColon + 1 : text.length;
  for (let index = 0; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== colon) {
      group = group * 16 + (code <= nine ? code - zero : (code | 32) - 87);
      hasGroup = true;
      continue;
    }
    if (hasGroup) groups.push(group);
    else if (index > 0) gapAt = groups.length;
    group = 0;
    hasGroup = false;
  }
  if (hasGroup) groups.push(group);
  if (hasIpv4Tail) {
    const tail = packIpv4(text, lastColon + 1);
    groups.push(tail >>> 16, tail & 0xffff);
  }
  const gap = gapAt < 0 ? groups.length : gapAt;
  for (const [index, value] of groups.entries()) {
    const place = index < gap ? index : 8 - groups.length + index;
    words[place >> 1] = (words[place >> 1] ?? 0) | (value << (place & 1 ? 0 : 16));
  }
}

function isMapped(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

function clearHostBits(prefix: PackedPrefix): void {
  const { words } = prefix;
  if (prefix.family === 'ipv4') {
    words[0] = words[1] = words[2] = 0;
    words[3] = maskWord(words[3] ?? 0, prefix.length);
    return;
  }
  for (let word = 0; word < 4; word += 1) words[word] = maskWord(words[word] ?? 0, prefix.length - word * 32);
}

/** `word` with its first `bits` bits kept. */
function maskWord(word: number, bits: number): number {
  if (bits >= 32) return word;
  if (bits <= 0) return 0;
  return (word & (-1 << (32 - bits))) >>> 0;
}
