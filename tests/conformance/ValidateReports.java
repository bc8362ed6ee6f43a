/* usage: java -cp pixelmed.jar ValidateReports.java FILE...
 * Checks the template of each Structured Report with PixelMed's DicomSRValidator, all in one virtual
 * machine because the validator takes 20 s to start. Prints "FILE: template: Error..." and
 * "FILE: template: Warning..." and, for each file, how many there were; exits 1 when a file cannot be
 * read, names no root template that the validator knows, or has an error. */
import com.pixelmed.dicom.AttributeList;
import com.pixelmed.validate.DicomSRValidator;

import java.util.List;
import java.util.stream.Collectors;

public class ValidateReports {
    private final DicomSRValidator validator = new DicomSRValidator();

    private ValidateReports() throws Exception {
        validator.setOptionCheckTemplateID(true);
        validator.setOptionCheckAmbiguousTemplate(true);
    }

    private static List<String> linesOf(String verdict, String kind) {
        return verdict.lines().filter(line -> line.startsWith(kind)).collect(Collectors.toList());
    }

    private boolean accepts(String file) throws Exception {
        AttributeList report = new AttributeList();
        report.read(file);
        String verdict = validator.validate(report);
        List<String> errors = linesOf(verdict, "Error");
        List<String> warnings = linesOf(verdict, "Warning");
        boolean checked = verdict.contains("Found Root Template TID_1500");

        errors.forEach(line -> System.out.println(file + ": template: " + line));
        warnings.forEach(line -> System.out.println(file + ": template: " + line));
        if (!checked)
            System.out.println(file + ": template: Error: the validator did not find template 1500");
        System.out.println(file + ": template: " + errors.size() + " errors, " + warnings.size() + " warnings");
        return checked && errors.isEmpty();
    }

    public static void main(String[] files) throws Exception {
        ValidateReports validators = new ValidateReports();
        boolean good = true;

        for (String file : files) {
            try {
                good &= validators.accepts(file);
            } catch (Exception reason) {
                System.out.println(file + ": template: Error: " + reason);
                good = false;
            }
        }
        System.exit(good ? 0 : 1);
    }
}
