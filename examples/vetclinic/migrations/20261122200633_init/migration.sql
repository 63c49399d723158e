-- create table "_SpecialtyToVet"
-- create table owner
-- create table pet
-- create table specialty
-- create table vet

-- table "_SpecialtyToVet" is new
CREATE TABLE "_SpecialtyToVet" (
  "A" varchar(80) NOT NULL,
  "B" uuid NOT NULL,
  CONSTRAINT "_SpecialtyToVet_pkey" PRIMARY KEY ("A", "B")
);
--> statement-breakpoint
-- table owner is new
CREATE TABLE owner (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  name varchar(30) NOT NULL,
  city varchar(80) NOT NULL,
  telephone varchar(20),
  CONSTRAINT owner_pkey PRIMARY KEY (id)
);
--> statement-breakpoint
-- table pet is new
CREATE TABLE pet (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  name varchar(30) NOT NULL,
  birth_date date NOT NULL,
  owner_id uuid,
  CONSTRAINT pet_pkey PRIMARY KEY (id)
);
--> statement-breakpoint
-- DSQL builds every index in the background
-- mizzle: wait
CREATE INDEX ASYNC pet_owner_id_idx ON pet (owner_id);
--> statement-breakpoint
-- table specialty is new
CREATE TABLE specialty (
  name varchar(80) NOT NULL,
  CONSTRAINT specialty_pkey PRIMARY KEY (name)
);
--> statement-breakpoint
-- table vet is new
CREATE TABLE vet (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  name varchar(30) NOT NULL,
  CONSTRAINT vet_pkey PRIMARY KEY (id)
);
--> statement-breakpoint
-- what the struct says of it, for whoever looks at the database
COMMENT ON TABLE "_SpecialtyToVet" IS 'Which veterinarian has which specialty.';
--> statement-breakpoint
-- what the struct says of it, for whoever looks at the database
COMMENT ON TABLE owner IS 'Somebody who brings pets.';
--> statement-breakpoint
-- what the struct says of it, for whoever looks at the database
COMMENT ON TABLE pet IS 'An animal, perhaps with an owner.';
--> statement-breakpoint
-- what the struct says of it, for whoever looks at the database
COMMENT ON TABLE specialty IS 'What a veterinarian can be good at, known by its name.';
--> statement-breakpoint
-- what the struct says of it, for whoever looks at the database
COMMENT ON TABLE vet IS 'A veterinarian.';
