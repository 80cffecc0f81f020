/** The highest priority that users of Kubernetes may give to a class of their own (HighestUserDefinablePriority). */
const HIGHEST_OF_USERS = 1_000_000_000;

/** Whether pods of this priority are part of the system: no queue keeps them from going first, or from preempting. */
export const isOfSystem = (priority: number): boolean => priority > HIGHEST_OF_USERS;
