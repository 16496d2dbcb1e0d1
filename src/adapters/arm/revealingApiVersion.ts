/**
 * The last api-version that shows a registry's virtual network rules (service endpoints). Newer ones hide these rules,
 * and a write with a newer one could drop them.
 */
export const revealingApiVersion = '2021-08-01-preview';
