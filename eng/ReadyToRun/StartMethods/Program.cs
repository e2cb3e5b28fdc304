using Dpark.ReadyToRun;

// StartMethods LIST PROFILE ASSEMBLY [REFERENCE...]    the methods of the list that belong into the image of the assembly
// StartMethods --whole LIST PROFILE ASSEMBLY...        all methods of the list, for assemblies that are compiled as one
var isWhole = args is ["--whole", ..];
string[] rest = isWhole ? args[1..] : args;
if (rest is not [var list, var profile, var assembly, .. var references])
{
    Console.Error.WriteLine("Name a list of methods, the profile to write, an assembly and its references.");
    return 2;
}

var types = new TypeNames([assembly, .. references]);
var names = new MethodNames(types);
var place = new MethodPlace(isWhole ? null : types.Assemblies[0], types.Assemblies);
var writer = new ProfileWriter();
var notFound = 0;
foreach (var line in File.ReadLines(list))
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
