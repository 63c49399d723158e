CREATE TABLE pet (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), owner_id uuid);
--> statement-breakpoint
CREATE INDEX ASYNC pet_owner ON pet (owner_id);
