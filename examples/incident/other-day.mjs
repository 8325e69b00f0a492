// Loaded into the processes of the story by NODE_OPTIONS: they live so many days ago as STORY_DAYS_AGO says.
const Present = Date;
const behind = Number(process.env['STORY_DAYS_AGO'] ?? 0) * 86_400_000;
const now = () => Present.now() - behind;

globalThis.Date = class Date extends Present {
  static now = now;
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }
};
