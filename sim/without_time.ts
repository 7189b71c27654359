/** An input without the time, which the world adds. */
export type WithoutTime<T> = T extends unknown ? Omit<T, "nowUs"> : never;
