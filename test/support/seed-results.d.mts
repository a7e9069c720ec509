export declare function seedResults(home: string, count: number): void;
