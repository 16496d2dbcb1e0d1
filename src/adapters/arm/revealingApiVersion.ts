/**
 * The last api-version that shows a registry's rules of the days of service endpoints. A write through a newer one could
 * drop them without showing them.
 */
export const revealingApiVersion = '2021-08-01-preview';
