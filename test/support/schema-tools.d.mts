export function schemaToolComplaints(
  folder: string,
  options: object,
): Promise<string[]>;
