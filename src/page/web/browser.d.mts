export const viewport: { width: number; height: number };
export const launchOptions: { executablePath: string; args: string[] };
