/**
 * The tables of the world database. Tables come first and indexes last, so that the bulk insert
 * appends to plain b-trees and each index is sorted once.
 */
export const TABLES = `
  CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE countries (
    code TEXT PRIMARY KEY,             -- ISO 3166-1 alpha-2
    code3 TEXT NOT NULL,               -- ISO 3166-1 alpha-3
    name TEXT NOT NULL,
    official_name TEXT NOT NULL,
    native_names TEXT NOT NULL,
    flag TEXT NOT NULL,
    capital TEXT,                      -- several are separated by commas
    region TEXT NOT NULL,
    subregion TEXT,
    languages TEXT NOT NULL,
    currencies TEXT NOT NULL,
    area_km2 REAL,
    landlocked INTEGER NOT NULL,
    independent INTEGER,
    un_member INTEGER NOT NULL,
    calling_code TEXT,
    internet_domain TEXT,
    demonym TEXT,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL,
    neighbour_count INTEGER NOT NULL DEFAULT 0,
    language_count INTEGER NOT NULL,
    city_count INTEGER NOT NULL DEFAULT 0,
    city_population INTEGER NOT NULL DEFAULT 0,
    capital_city_id INTEGER,
    largest_city_id INTEGER
  ) STRICT, WITHOUT ROWID;

  -- Every way to name a country: codes, English, native and translated names, with and without accents.
  CREATE TABLE country_keys (
    key TEXT NOT NULL COLLATE NOCASE,
    country TEXT NOT NULL,
    PRIMARY KEY (key, country)
  ) STRICT, WITHOUT ROWID;

  -- What countries have in common: region, subregion, language, currency, un_group.
  CREATE TABLE country_facets (
    facet TEXT NOT NULL,
    value TEXT NOT NULL COLLATE NOCASE,
    country TEXT NOT NULL,
    PRIMARY KEY (facet, value, country)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE borders (
    country TEXT NOT NULL,
    neighbour TEXT NOT NULL,
    PRIMARY KEY (country, neighbour)
  ) STRICT, WITHOUT ROWID;

  -- GeoNames feature codes. A settlement stands for itself today; a quarter or a ruin does not.
  CREATE TABLE features (code TEXT PRIMARY KEY, kind TEXT NOT NULL, settlement INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE cities (
    id INTEGER PRIMARY KEY,            -- GeoNames id
    name TEXT NOT NULL,
    plain TEXT,                        -- other spellings a keyboard offers, where accents alone do not explain them
    country TEXT NOT NULL,
    admin1 TEXT,
    admin3 TEXT,
    admin4 TEXT,
    feature TEXT NOT NULL,
    settlement INTEGER NOT NULL,
    population INTEGER NOT NULL,       -- 0 = not known
    latitude REAL NOT NULL,
    longitude REAL NOT NULL
  ) STRICT;

  -- Names without regard to case and accents; prefix indexes for search as one types.
  CREATE VIRTUAL TABLE city_names USING fts5 (
    name, plain, content = 'cities', content_rowid = 'id', columnsize = 0,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
  );

  -- Cities with what they can be grouped by.
  CREATE VIEW places AS
    SELECT c.id, c.country, k.name AS country_name, k.region, k.subregion,
           c.country || '-' || c.admin1 AS division, c.settlement, c.population
    FROM cities c JOIN countries k ON k.code = c.country;
`;

export const INDEXES = `
  INSERT INTO city_names (city_names) VALUES ('rebuild');

  -- Everything a search around a point compares, so that rows outside never leave the index.
  CREATE INDEX cities_by_place ON cities (latitude, longitude, settlement, population);
  -- The largest of a country are the end of one range; counting needs no row at all.
  CREATE INDEX cities_by_country ON cities (country, settlement, population, admin1);
  CREATE INDEX facets_by_country ON country_facets (country, facet);
`;

/** What the countries know about their cities and borders, once both are in. */
export const SUMMARIES = `
  UPDATE countries SET
    neighbour_count = (SELECT count(*) FROM borders b WHERE b.country = code),
    city_count = (SELECT count(*) FROM cities c WHERE c.country = code AND c.settlement = 1),
    city_population =
      (SELECT coalesce(sum(c.population), 0) FROM cities c WHERE c.country = code AND c.settlement = 1),
    capital_city_id =
      (SELECT c.id FROM cities c WHERE c.country = code AND c.feature = 'PPLC' ORDER BY c.population DESC LIMIT 1),
    largest_city_id =
      (SELECT c.id FROM cities c WHERE c.country = code AND c.settlement = 1 ORDER BY c.population DESC LIMIT 1);
  ANALYZE;
`;
