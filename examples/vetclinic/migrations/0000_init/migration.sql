CREATE TABLE "owner" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "name" varchar(30) NOT NULL,
    "city" varchar(80) NOT NULL,
    "telephone" varchar(20)
);
--> statement-breakpoint
CREATE TABLE "pet" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "name" varchar(30) NOT NULL,
    "birth_date" date NOT NULL,
    "owner_id" uuid
);
--> statement-breakpoint
CREATE TABLE "specialty" (
    "name" varchar(80) PRIMARY KEY
);
--> statement-breakpoint
CREATE TABLE "vet" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "name" varchar(30) NOT NULL
);
--> statement-breakpoint
CREATE TABLE "_SpecialtyToVet" (
    "A" varchar(80) NOT NULL,
    "B" uuid NOT NULL,
    PRIMARY KEY ("A", "B")
);
--> statement-breakpoint
CREATE INDEX ASYNC "pet_owner_id_idx" ON "pet" ("owner_id");
