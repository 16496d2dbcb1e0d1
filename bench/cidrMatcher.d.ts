declare module 'cidr-matcher' {
  export default class CidrMatcher {
    constructor(classes: readonly string[]);
    contains(address: string): boolean;
  }
}
