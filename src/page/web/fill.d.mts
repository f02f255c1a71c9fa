export function filled(page: string, data: unknown): string;
