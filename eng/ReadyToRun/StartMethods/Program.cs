using Dpark.ReadyToRun;

// StartMethods LISTS PROFILE ASSEMBLY [REFERENCE...]    the methods of the lists that belong into the image of the assembly
// StartMethods --whole LISTS PROFILE ASSEMBLY...        all methods of the lists, for assemblies that are compiled as one
// LISTS are files with a semicolon between them.
var isWhole = args is ["--whole", ..];
string[] rest = isWhole ? args[1..] : args;
if (rest is not [var lists, var profile, var assembly, .. var references])
{
    Console.Error.WriteLine("Name lists of methods, the profile to write, an assembly and its references.");
    return 2;
}

var types = new TypeNames([assembly, .. references]);
var names = new MethodNames(types);
var place = new MethodPlace(isWhole ? null : types.Assemblies[0], types.Assemblies);
var writer = new ProfileWriter();
var notFound = 0;
foreach (var line in lists.Split(';').SelectMany(File.ReadLines).Distinct())
{
    if (names.Find(line) is not { } found)
    {
        notFound++;
    }
    else if (place.Has(found))
    {
        writer.Add(found);
    }
}

File.WriteAllBytes(profile, writer.Write(place.AssemblyNames));
Console.WriteLine($"{writer.Count} methods, {notFound} names that mean nothing here.");
return 0;
